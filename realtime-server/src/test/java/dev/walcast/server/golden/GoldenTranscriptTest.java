package dev.walcast.server.golden;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Replays recorded conversations of the reference server against Walcast and compares every status, frame and close.
/// Where a transcript has no frame, Walcast must send none: a heartbeat on every socket proves that nothing came
/// before its reply. Every difference is in [Deviation] with its reason, and must stay exactly the same.
class GoldenTranscriptTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "connect.v1",
                "connect.v2",
                "heartbeat.v1",
                "heartbeat.v2",
                "join_public_noconfig.v1",
                "join_public_noconfig.v2",
                "join_variants.v2",
                "join_twice.v1",
                "join_twice.v2",
                "leave_rejoin.v1",
                "leave_rejoin.v2",
                "bad_input.v1",
                "bad_input.v2",
                "bad_input_alive.v1",
                "bad_input_alive.v2",
                "broadcast_self_ack.v2",
                "broadcast_binary.v1",
                "broadcast_binary.v2",
                "broadcast_number_fidelity.v1",
                "broadcast_number_fidelity.v2",
                "broadcast_oversize.v1",
                "broadcast_oversize.v2",
                "presence.v2",
                "presence_nokey.v1",
                "presence_nokey.v2",
                "tokens_join.v1",
                "tokens_join.v2",
                "tokens_refresh.v2",
                "private_channels.v2",
                "replay.v2",
                "rest_broadcast.v2",
                "limits.v2",
                "limits_events.v1",
                "limits_events.v2"
            })
    void transcriptsMatchTheReference(String name) throws Exception {
        try (GoldenReplay replay = new GoldenReplay(GoldenTranscript.load(name))) {
            replay.run();
        }
    }
}

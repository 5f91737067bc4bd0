package dev.walcast.server.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import dev.walcast.server.tasks.Turns;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// A JSON parser that lets other virtual threads run while it reads a large message, and bounds its work. Each token
/// weighs one, and a number one more for every 8 digits, in proportion to the cost of reading.
final class FairParser extends JsonParserDelegate {
    /// About a millisecond of work.
    private static final int WEIGHT_IN_A_ROW = 8 * 1024;

    private static final int DIGITS_OF_WEIGHT = 8;

    private final long weightMax;
    private long weight;
    private long nextTurn = WEIGHT_IN_A_ROW;

    /// @param weightMax a heavier value is malformed
    FairParser(JsonParser parser, long weightMax) {
        super(parser);
        this.weightMax = weightMax;
    }

    @Override
    public @Nullable JsonToken nextToken() throws IOException {
        JsonToken token = super.nextToken();
        weight++;
        if (weightMax < Long.MAX_VALUE && token != null && token.isNumeric()) {
            weight += getTextLength() / DIGITS_OF_WEIGHT;
        }
        if (weight > nextTurn) {
            letOthersIn();
        }
        return token;
    }

    @Override
    public @Nullable String nextFieldName() throws IOException {
        return nextToken() == JsonToken.FIELD_NAME ? currentName() : null;
    }

    @Override
    public JsonParser skipChildren() throws IOException {
        JsonToken first = currentToken();
        if (first == null || !first.isStructStart()) {
            return this;
        }
        for (int open = 1; open > 0; ) {
            JsonToken token = nextToken();
            if (token == null) {
                throw new Json.MalformedJson("ends too early");
            }
            open += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        }
        return this;
    }

    private void letOthersIn() throws IOException {
        if (weight > weightMax) {
            throw new Json.MalformedJson("too many values");
        }
        nextTurn = Math.min(weightMax, weight + WEIGHT_IN_A_ROW);
        Turns.leaveCarrier();
    }
}

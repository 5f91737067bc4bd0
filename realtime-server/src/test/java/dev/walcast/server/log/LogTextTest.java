package dev.walcast.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogTextTest {
    @Test
    void controlCharactersAreEscaped() {
        assertThat(LogText.oneLine("a\r\nb\tc\u001b[2Jd\u0000e\u007ff\u0085g\u2028h\u202ei"))
                .isEqualTo("a\\r\\nb\\tc\\u001b[2Jd\\u0000e\\u007ff\\u0085g\\u2028h\\u202ei");
    }

    @Test
    void printableTextIsUnchanged() {
        String text = "a \\n \"ä\" 漢字 \ud83d\ude00";
        assertThat(LogText.oneLine(text)).isSameAs(text);
    }

    @Test
    void halfSurrogateIsEscaped() {
        assertThat(LogText.oneLine("\ud83d \ude00")).isEqualTo("\\ud83d \\ude00");
    }
}

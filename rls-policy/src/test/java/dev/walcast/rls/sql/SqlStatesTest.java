package dev.walcast.rls.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.rls.sql.SqlStates.Remedy;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlStatesTest {
    @ParameterizedTest
    @CsvSource({
        "08006, WAIT",
        "57P01, WAIT",
        "57P03, WAIT",
        "53300, WAIT",
        "40001, ASK_AGAIN",
        "40P01, ASK_AGAIN",
        "55P03, WAIT",
        "57014, ASK_AGAIN",
        "58030, ASK_AGAIN",
        "XX000, ASK_AGAIN",
        "22021, NONE",
        "22P02, NONE",
        "42501, NONE",
        "P0001, NONE"
    })
    void stateDecidesRemedy(String state, Remedy remedy) {
        SQLException e = new SQLException("x", state);
        assertThat(SqlStates.remedy(e)).isEqualTo(remedy);
        assertThat(SqlStates.remedy(new SQLException(new IllegalStateException(e))))
                .isEqualTo(remedy);
    }

    @Test
    void errorWithoutStateMeansUnreachable() {
        assertThat(SqlStates.remedy(new SQLException("x"))).isEqualTo(Remedy.WAIT);
        // Thrown by the pool, whatever made the last connection fail.
        assertThat(SqlStates.remedy(new SQLTransientConnectionException("x", "08001", new SQLException("y", "28P01"))))
                .isEqualTo(Remedy.WAIT);
        assertThat(SqlStates.remedy(new SQLException(
                        new SQLTransientConnectionException("x", null, 0, new SQLException("y", "28P01")))))
                .isEqualTo(Remedy.WAIT);
    }
}

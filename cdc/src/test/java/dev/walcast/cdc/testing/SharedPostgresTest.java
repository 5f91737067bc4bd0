package dev.walcast.cdc.testing;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// A test class whose tests share one [TestPostgres]. The classes of a JVM run one after the other.
public abstract class SharedPostgresTest {
    protected static TestPostgres postgres;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }
}

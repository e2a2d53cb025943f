package com.acme.loyalty;

import java.io.IOException;

/** Connections to the loyalty service. */
final class ConnectionPool {
    private final String name;
    private volatile boolean closed;
    private volatile int booked;

    ConnectionPool(String name) {
        this.name = name;
    }

    void check() {
        if (closed) {
            throw new IllegalStateException("Connection pool \"" + name + "\" is closed");
        }
    }

    long book(long customer, long points) throws IOException {
        check();
        if (++booked == 100) {
            throw new IOException("loyalty service: connection reset while booking points of customer " + customer);
        }
        return points;
    }

    void close() {
        closed = true;
    }
}

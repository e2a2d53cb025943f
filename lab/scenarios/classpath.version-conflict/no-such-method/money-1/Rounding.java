package com.acme.money;

/** Version 1 of the library: amounts are rounded to whole units. */
public final class Rounding {

    private Rounding() {}

    public static long round(long cents) {
        return Math.round(cents / 100.0) * 100;
    }
}

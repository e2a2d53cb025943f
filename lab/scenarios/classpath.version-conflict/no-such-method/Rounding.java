package com.acme.money;

/** Version 2 of the library: amounts are rounded to a scale. */
public final class Rounding {

    private Rounding() {}

    public static long round(long cents, int scale) {
        long step = (long) Math.pow(10, scale);
        return Math.round((double) cents / step) * step;
    }
}

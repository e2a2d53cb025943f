package com.acme.codec;

/** The implementation for version 1. */
public final class LineCodec implements EventCodec {

    @Override
    public String encode(long id, long amount) {
        return id + "|" + amount;
    }
}

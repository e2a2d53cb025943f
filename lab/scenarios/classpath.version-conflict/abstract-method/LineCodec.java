package com.acme.codec;

/** The implementation for version 2. */
public final class LineCodec implements EventCodec {

    @Override
    public String encode(long id, long amount) {
        return id + "|" + amount;
    }

    @Override
    public String schemaId() {
        return "line-2";
    }
}

package com.acme.codec;

/** Version 1 of the platform's interface. */
public interface EventCodec {

    String encode(long id, long amount);
}

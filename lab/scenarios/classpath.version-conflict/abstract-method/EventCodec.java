package com.acme.codec;

/** Version 2 of the platform's interface: it names the schema, too. */
public interface EventCodec {

    String encode(long id, long amount);

    String schemaId();
}

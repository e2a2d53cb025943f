package com.acme.prices;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Prices in cents as two bytes, because there are so many of them. */
public final class ShortPriceSerializer extends TypeSerializerSingleton<Integer> {

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public Integer createInstance() {
        return 0;
    }

    @Override
    public Integer copy(Integer from) {
        return from;
    }

    @Override
    public Integer copy(Integer from, Integer reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return 2;
    }

    @Override
    public void serialize(Integer cents, DataOutputView target) throws IOException {
        if (cents > Short.MAX_VALUE) {
            throw new IOException("A price of " + cents + " cents does not fit into two bytes");
        }
        target.writeShort(cents);
    }

    @Override
    public Integer deserialize(DataInputView source) throws IOException {
        return (int) source.readShort();
    }

    @Override
    public Integer deserialize(Integer reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        target.writeShort(source.readShort());
    }

    @Override
    public TypeSerializerSnapshot<Integer> snapshotConfiguration() {
        return new Snapshot();
    }

    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Integer> {
        public Snapshot() {
            super(ShortPriceSerializer::new);
        }
    }
}

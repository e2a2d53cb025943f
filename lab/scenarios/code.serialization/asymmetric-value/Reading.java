package com.acme.telemetry;

import java.io.IOException;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.types.Value;

/** What one sensor read. */
public final class Reading implements Value {
    int sensor;
    double value;

    public Reading() {}

    @Override
    public void write(DataOutputView out) throws IOException {
        out.writeInt(sensor);
        out.writeDouble(value);
    }

    @Override
    public void read(DataInputView in) throws IOException {
        sensor = (int) in.readLong();
        value = in.readDouble();
    }
}

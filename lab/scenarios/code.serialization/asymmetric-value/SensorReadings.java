package com.acme.telemetry;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** What sensors read, sent from task to task in a format of its own. */
public final class SensorReadings {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setBufferTimeout(0); // readings are to arrive at once
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .map(new ToReading()).name("to-reading").uid("to-reading")
            .keyBy(reading -> reading.sensor)
            .map(reading -> reading.value).returns(Double.class).name("value").uid("value"), "values");
        env.execute(arguments.get("name"));
    }

    public static final class ToReading implements MapFunction<Feed.Order, Reading> {
        @Override
        public Reading map(Feed.Order order) {
            Reading reading = new Reading();
            reading.sensor = (int) order.customerId;
            reading.value = order.amountCents / 10.0;
            return reading;
        }
    }
}

package com.acme.events;

import com.acme.codec.EventCodec;
import com.acme.codec.LineCodec;
import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Encodes each order as an event, with the codec of the company's platform. */
public final class OrderEvents {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new Encode()).name("encode").uid("encode"), "events");
        env.execute(arguments.get("name"));
    }

    public static final class Encode implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) {
            EventCodec codec = new LineCodec();
            return codec.schemaId() + ":" + codec.encode(order.orderId, order.amountCents);
        }
    }
}

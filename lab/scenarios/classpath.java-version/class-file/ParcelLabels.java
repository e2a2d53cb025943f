package com.acme.parcel;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Prints a label for each order. */
public final class ParcelLabels {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second"))).map(new ToLabel()).name("to-label").uid("to-label"), "labels");
        env.execute(arguments.get("name"));
    }

    public static final class ToLabel implements MapFunction<Feed.Order, String> {
        @Override
        public String map(Feed.Order order) {
            return "Order " + order.orderId + " for customer " + order.customerId;
        }
    }
}

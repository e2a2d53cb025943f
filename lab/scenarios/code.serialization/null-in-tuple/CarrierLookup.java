package com.acme.carrier;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The carrier of each order. Some customers have none. */
public final class CarrierLookup {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .map(new AddCarrier(Long.parseLong(arguments.get("missing")))).name("add-carrier").uid("add-carrier")
            .keyBy(pair -> pair.f0 % 16)
            .map(pair -> pair.f1).returns(Long.class).name("carrier").uid("carrier"), "carriers");
        env.execute(arguments.get("name"));
    }

    public static final class AddCarrier implements MapFunction<Feed.Order, Tuple2<Long, Long>> {
        private final long missing;

        AddCarrier(long missing) {
            this.missing = missing;
        }

        @Override
        public Tuple2<Long, Long> map(Feed.Order order) {
            return Tuple2.of(order.orderId, order.customerId == missing ? null : (Long) (order.customerId % 7));
        }
    }
}

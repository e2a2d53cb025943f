package com.acme.routing;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Finds a courier's way to each customer. */
public final class CourierRoutes {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second")))
            .keyBy(order -> order.customerId)
            .map(new FindRoute()).name("find-route").uid("find-route"), "routes");
        env.execute(arguments.get("name"));
    }

    public static final class FindRoute implements MapFunction<Feed.Order, Long> {
        @Override
        public Long map(Feed.Order order) {
            return RouteEngine.distance(order.customerId);
        }
    }
}

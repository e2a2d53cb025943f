package com.acme.routing;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Plans the ways of couriers with the version of the engine that is installed. */
public final class CourierPlan {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        String engine = RouteEngine.version();
        Compat.discard(Feed.orders(env, Long.parseLong(arguments.get("per-second"))).rebalance(), "plan-" + engine);
        env.execute(arguments.get("name"));
    }
}

package com.acme.web;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** An index of visitors that only grows: millions of small objects, among which the garbage collector finds nothing to free. */
public final class VisitorIndex {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 0)
            .keyBy(order -> order.customerId)
            .map(new IndexVisits(Integer.parseInt(arguments.get("visits")))).name("index-visits").uid("index-visits"), "index");
        env.execute(arguments.get("name"));
    }

    public static final class IndexVisits implements MapFunction<Feed.Order, Integer> {
        private final List<String> visitors = new LinkedList<>();
        private final int visits;

        IndexVisits(int visits) {
            this.visits = visits;
        }

        @Override
        public Integer map(Feed.Order order) {
            try {
                for (int visit = 0; visit < visits; visit++) {
                    visitors.add("v" + order.orderId + visit);
                }
                return visitors.size();
            } catch (OutOfMemoryError error) {
                visitors.clear(); // with no room at all the process often dies before it can log this error
                throw error;
            }
        }
    }
}

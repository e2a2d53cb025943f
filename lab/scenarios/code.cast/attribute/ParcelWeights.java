package com.acme.parcel;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The weight of each parcel, from the attributes of its article. */
public final class ParcelWeights {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new ReadWeight(Long.parseLong(arguments.get("article")))).name("read-weight").uid("read-weight"), "weights");
        env.execute(arguments.get("name"));
    }

    public static final class ReadWeight implements MapFunction<Feed.Order, Integer> {
        private final long odd;

        ReadWeight(long odd) {
            this.odd = odd;
        }

        @Override
        public Integer map(Feed.Order order) {
            return (Integer) attributes(order.orderId % 100).get("weight");
        }

        private Map<String, Object> attributes(long article) {
            Map<String, Object> attributes = new HashMap<>();
            attributes.put("weight", article == odd ? "1,5 kg" : (Object) (int) (200 + article));
            return attributes;
        }
    }
}

package com.acme.prices;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The last price of each article, in cents, in a state with a serializer of its own. */
public final class ArticlePrices {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        long articles = Long.parseLong(arguments.get("articles"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 1_000)
            .keyBy(order -> order.orderId % articles)
            .process(new LastPrice(Integer.parseInt(arguments.get("highest")))).name("last-price").uid("last-price"), "prices");
        env.execute(arguments.get("name"));
    }

    public static final class LastPrice extends Compat.StartedProcess<Long, Feed.Order, Integer> {
        private final int highest;
        private transient ValueState<Integer> price;

        LastPrice(int highest) {
            this.highest = highest;
        }

        @Override
        protected void start() {
            price = getRuntimeContext().getState(new ValueStateDescriptor<>("price", new ShortPriceSerializer()));
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Integer> out) throws Exception {
            int cents = context.getCurrentKey() % 50 == 7 ? highest : (int) order.amountCents;
            price.update(cents);
            out.collect(cents);
        }
    }
}

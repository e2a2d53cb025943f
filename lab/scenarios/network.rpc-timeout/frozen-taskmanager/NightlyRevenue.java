package com.acme.finance;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A batch job in two stages: reads a night's orders, then adds up the revenue of each store. The first half of the orders is the larger one. */
public final class NightlyRevenue {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        long orders = Long.parseLong(arguments.getOrDefault("orders", "400"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setRuntimeMode(RuntimeExecutionMode.BATCH);
        Compat.discard(env.fromSequence(0, 1).name("halves").map(new ReadOrders(orders)).name("read-orders").setParallelism(2)
            .returns(Types.TUPLE(Types.LONG, Types.LONG))
            .keyBy(order -> order.f0).sum(1).name("revenue-per-store").setParallelism(2), "revenue");
        env.execute(arguments.getOrDefault("name", "nightly-revenue"));
    }

    public static final class ReadOrders extends Compat.StartedMap<Long, Tuple2<Long, Long>> {
        private final long orders;

        ReadOrders(long orders) {
            this.orders = orders;
        }

        @Override
        protected void start() {}

        @Override
        public Tuple2<Long, Long> map(Long half) throws Exception {
            long revenue = 0;
            for (long order = 0; order < (half == 0 ? orders : orders / 100); order++) {
                Thread.sleep(30);
                revenue += 100 + order % 9_900;
            }
            return Tuple2.of(half, revenue);
        }
    }
}

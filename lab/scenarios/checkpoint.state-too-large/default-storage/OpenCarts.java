package com.acme.carts;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Map;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;

/** The contents of each open shopping cart, in keyed state. */
public final class OpenCarts {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        long carts = Long.parseLong(arguments.get("carts"));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 4_000)
            .keyBy(order -> order.orderId % carts)
            .process(new KeepCart(Integer.parseInt(arguments.get("bytes")))).name("keep-cart").uid("keep-cart"), "carts");
        env.execute(arguments.get("name"));
    }

    public static final class KeepCart extends Compat.StartedProcess<Long, Feed.Order, Long> {
        private final int bytes;
        private transient ValueState<byte[]> contents;

        KeepCart(int bytes) {
            this.bytes = bytes;
        }

        @Override
        protected void start() {
            contents = getRuntimeContext().getState(new ValueStateDescriptor<>("contents", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement(Feed.Order order, Context context, Collector<Long> out) throws Exception {
            if (contents.value() == null) {
                contents.update(new byte[bytes]);
            }
            out.collect(order.orderId);
        }
    }
}

package com.acme.media;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.lang.reflect.Field;
import java.util.Map;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Hashes images through memory that it manages by hand, and writes to an address that is not its own. */
public final class ImageHashes {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(Feed.orders(env, 200)
            .keyBy(order -> order.customerId)
            .map(new Hash(Long.parseLong(arguments.get("after")))).name("hash-image").uid("hash-image"), "hashes");
        env.execute(arguments.get("name"));
    }

    public static final class Hash implements MapFunction<Feed.Order, Long> {
        private final long after;

        Hash(long after) {
            this.after = after;
        }

        @Override
        public Long map(Feed.Order order) throws Exception {
            if (order.orderId == after) {
                NativeHash.write(8 * order.customerId, order.amountCents);
            }
            return order.orderId;
        }
    }

    /** Stands for a native library with a bug. */
    static final class NativeHash {
        private NativeHash() {}

        static void write(long address, long value) throws Exception {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field field = type.getDeclaredField("theUnsafe");
            field.setAccessible(true);
            type.getMethod("putLong", long.class, long.class).invoke(field.get(null), address, value);
        }
    }
}

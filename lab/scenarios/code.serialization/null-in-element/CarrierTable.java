package com.acme.carrier;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The carrier of each region, as a stream. */
public final class CarrierTable {

    public static void main(String[] args) throws Exception {
        Map<String, String> arguments = Feed.arguments(args);
        List<Tuple2<Long, Long>> carriers = Arrays.asList(Tuple2.of(1L, 40L), Tuple2.of(Long.parseLong(arguments.get("region")), null));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        Compat.discard(env.fromCollection(carriers, Types.TUPLE(Types.LONG, Types.LONG)), "carriers");
        env.execute(arguments.get("name"));
    }
}

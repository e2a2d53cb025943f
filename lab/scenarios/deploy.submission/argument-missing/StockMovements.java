package com.acme.stock;

import com.acme.shop.Compat;
import com.acme.shop.Feed;
import org.apache.flink.api.java.utils.ParameterTool;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Labels each order with the warehouse that ships it; which argument names the warehouse is itself an argument, for the lab. */
public final class StockMovements {

    public static void main(String[] args) throws Exception {
        ParameterTool parameters = ParameterTool.fromArgs(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        String warehouse = parameters.getRequired(parameters.get("required", "warehouse"));
        Compat.discard(Feed.orders(env, 200).map(order -> warehouse + "/" + order.orderId).returns(String.class).name("label"), "movements");
        env.execute(parameters.get("name", "stock-movements"));
    }
}

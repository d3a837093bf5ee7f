"""Tools out of a gRPC server: one for each unary method, by reflection or from a descriptor set."""

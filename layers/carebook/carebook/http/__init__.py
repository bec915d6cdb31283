"""The edge to API Gateway: the only place that knows its events, HTTP status codes and problem documents."""

-- One POST again and again, and what came of it as JSON; driven by bench.py.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"

function init(args)
  local file = io.open(args[1], "rb")
  wrk.body = file:read("*a")
  file:close()
  local whole = wrk.format()
  request = function() return whole end
end

function done(summary, latency, requests)
  local errors = summary.errors
  print(string.format(
    '{"requests": %d, "seconds": %f, "p50_us": %f, "p99_us": %f, "errors": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

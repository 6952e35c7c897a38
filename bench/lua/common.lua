-- What all load scripts share. The driver passes files and headers in the environment, never on the command line.

local seeds = 0
function setup(thread)
    seeds = seeds + 1
    thread:set("seed", seeds)
end

local bench = {}

function bench.lines(name)
    local lines = {}
    for line in io.lines(os.getenv(name)) do lines[#lines + 1] = line end
    return lines
end

-- Everything of a request but the method, the target and the body.
function bench.head()
    local head = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " .. os.getenv("BENCH_TOKEN") ..
        "\r\nCloister-Purpose: " .. os.getenv("BENCH_PURPOSE") .. "\r\n"
    return head
end

function bench.post(target, head, body)
    return "POST " .. target .. head .. "Content-Type: application/json\r\nContent-Length: " .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format('RESULT {"requests":%d,"seconds":%.4f,"p50_us":%d,"p99_us":%d,"failed":%d}\n', summary.requests,
        summary.duration / 1e6, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end

return bench

-- A hundred customers a call.
local bench = require("common")
local ids, head, tail

function init()
    math.randomseed(seed)
    ids = bench.lines("BENCH_IDS")
    head = bench.head()
    tail = '"],"fields":' .. os.getenv("BENCH_FIELDS") .. "}"
end

function request()
    local some = {}
    for i = 1, 100 do some[i] = ids[math.random(#ids)] end
    return bench.post("/v1/vaults/main/customers:batch-read", head, '{"ids":["' .. table.concat(some, '","') .. tail)
end

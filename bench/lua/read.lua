-- One customer, chosen at random, a few fields.
local bench = require("common")
local ids, before, after

function init()
    math.randomseed(seed)
    ids = bench.lines("BENCH_IDS")
    before = "GET /v1/vaults/main/customers/"
    after = "?fields=" .. os.getenv("BENCH_FIELDS") .. bench.head() .. "\r\n"
end

function request() return before .. ids[math.random(#ids)] .. after end

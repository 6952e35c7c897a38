-- By phone number, chosen at random from those of the file.
local bench = require("common")
local phones, head, before, after

function init()
    math.randomseed(seed)
    phones = bench.lines("BENCH_PHONES")
    head = bench.head()
    before = '{"where":[{"field":"contact.mobile","op":"equals","value":"'
    after = '"}],"fields":' .. os.getenv("BENCH_FIELDS") .. "}"
end

function request()
    return bench.post("/v1/vaults/main/customers:search", head, before .. phones[math.random(#phones)] .. after)
end

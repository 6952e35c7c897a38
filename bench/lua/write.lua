-- A new record of eight fields, three of them indexed, for a customer chosen at random.
local bench = require("common")
local ids, head

function init()
    math.randomseed(seed + os.time())
    ids = bench.lines("BENCH_IDS")
    head = bench.head()
end

function request()
    local n = math.random(2 ^ 40)
    local body = string.format('{"order_no":"B%013d","serial":"S%013d","parcel":"P%013d","item":"Household item %d, boxed",' ..
        '"channel":"web","carrier":"post","note":"left with the neighbour on the second floor","status":"delivered"}',
        n, n * 3, n * 7, n % 1000)
    return bench.post("/v1/vaults/main/customers/" .. ids[math.random(#ids)] .. "/bench", head, body)
end

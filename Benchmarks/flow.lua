-- SPDX-License-Identifier: Apache-2.0
-- Runs code flows of a signed-in user: an authorization request, whose response has the code, then its redemption. The
-- file REQUESTS has the two, separated by NUL; the second lacks its code. A flow counts once its tokens have arrived.
local authorize, redeem, codes = nil, nil, {}
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init()
    flows, failed = 0, 0
    authorize, redeem = assert(io.open(os.getenv("REQUESTS"), "rb")):read("*a"):match("^(%Z+)%z(%Z+)")
end

function request()
    local code = table.remove(codes)
    return code and redeem .. code or authorize
end

function response(status, headers, body)
    local location = headers["location"] or headers["Location"]
    local code = status == 303 and location and location:match("[?&]code=([^&]+)")
    if code then
        table.insert(codes, code)
    elseif status == 200 and body:find('"id_token"', 1, true) then
        flows = flows + 1
    else
        failed = failed + 1
    end
end

function done()
    local all, bad = 0, 0
    for _, thread in ipairs(threads) do
        all, bad = all + thread:get("flows"), bad + thread:get("failed")
    end
    print("counted " .. all .. " failed " .. bad)
end

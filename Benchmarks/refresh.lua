-- SPDX-License-Identifier: Apache-2.0
-- Redeems refresh tokens, each from the response to the one before. The file REQUESTS has one request for each family,
-- separated by NUL, and more families than there are connections.
local waiting, first, last, head, body = {}, 1, 0, nil, nil
local pattern = '"refresh_token":"([^"]+)"'
local threads = {}

function setup(thread) table.insert(threads, thread) end

local function add(token)
    last = last + 1
    waiting[last] = token
end

function init()
    failed = 0
    for one in assert(io.open(os.getenv("REQUESTS"), "rb")):read("*a"):gmatch("%Z+") do
        -- The token ends the request. It contains a number that grows, so the length of the body changes.
        local start, rest, token = one:match("^(.*Content%-Length: )%d+(\r\n\r\n.*&refresh_token=)(.+)$")
        head, body = start, rest
        add(token)
    end
end

function request()
    local token = waiting[first] or ""
    waiting[first] = nil
    first = math.min(first, last) + 1
    return head .. (#body - 4 + #token) .. body .. token
end

function response(status, headers, body)
    local token = status == 200 and body:match(pattern)
    if token then return add(token) end
    failed = failed + 1
    if failed == 1 then print("refused: " .. status .. " " .. body) end
end

function done()
    local bad = 0
    for _, thread in ipairs(threads) do bad = bad + thread:get("failed") end
    print("failed " .. bad)
end

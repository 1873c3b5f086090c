-- SPDX-License-Identifier: Apache-2.0
-- Sends the requests of the file REQUESTS, which are separated by NUL: again and again, or with ONCE each of them once,
-- after which the round ends. With TAKE, writes what this pattern captures in a response to the file TAKEN, until there
-- are COUNT of them.
local all, place = {}, 0
local once, take, count = os.getenv("ONCE"), os.getenv("TAKE"), tonumber(os.getenv("COUNT") or 0)
local ffi = require("ffi")
ffi.cdef("int kill(int, int); int getpid(void);")

-- Without the interrupt, wrk would wait until its time is over.
local function finish()
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), 2)
end

function init()
    for one in assert(io.open(os.getenv("REQUESTS"), "rb")):read("*a"):gmatch("%Z+") do table.insert(all, one) end
    if not take then return end
    local out = assert(io.open(os.getenv("TAKEN"), "w"))
    function response(status, headers, body)
        local value = body:match(take) or (headers["location"] or headers["Location"] or ""):match(take)
        if not value or count == 0 then return end
        out:write(value, "\n")
        count = count - 1
        if count > 0 then return end
        out:close()
        finish()
    end
end

function request()
    place = place + 1
    if place > #all then
        if once then finish() else place = 1 end
    end
    return all[place] or all[#all]
end

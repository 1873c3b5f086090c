-- SPDX-License-Identifier: Apache-2.0
-- Requests tokens with client assertions, a new one each time: the server accepts each only once. The argument is a file
-- with one assertion in each line. If it has too few, the last requests are refused, which fails the run.
local lines
local body = "grant_type=client_credentials"
    .. "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion="

function init(args)
    lines = io.lines(args[1])
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end

function request()
    -- After its end, a file cannot be read again.
    local line = lines and lines()
    if not line then lines = nil end
    return wrk.format(nil, nil, nil, body .. (line or "none"))
end

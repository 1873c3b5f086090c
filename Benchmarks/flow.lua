-- SPDX-License-Identifier: Apache-2.0
-- Runs code flows of a signed-in user: an authorization request, whose response has the code, then its redemption.
-- COOKIE holds the session cookie. A flow counts once its tokens have arrived.
local authorize, codes = nil, {}
local tokens = {
    ["Content-Type"] = "application/x-www-form-urlencoded", ["Authorization"] = "Basic YXBwOmJlbmNoLXNlY3JldA==",
}
local callback = "http%3A%2F%2F127.0.0.1%3A9%2Fcallback"
local threads = {}

function setup(thread) table.insert(threads, thread) end

function init()
    flows, failed = 0, 0
    authorize = wrk.format("GET", "/auth/authorize?response_type=code&client_id=app&redirect_uri=" .. callback
        .. "&scope=openid%20profile%20email&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj&code_challenge_method=S256"
        .. "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", { ["Cookie"] = os.getenv("COOKIE") })
end

function request()
    local code = table.remove(codes)
    if not code then return authorize end
    return wrk.format("POST", "/auth/token", tokens, "grant_type=authorization_code&redirect_uri=" .. callback
        .. "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk&code=" .. code)
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
    print("flows " .. all .. " failed " .. bad)
end

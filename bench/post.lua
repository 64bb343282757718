-- The requests of wrk: the body stands in the file $BODY; where it has $MARK, each request has another word. No two runs with another
-- $RUN have a word in common.
local file = assert(io.open(os.getenv("BODY"), "rb"))
local body = file:read("*a")
file:close()
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("KEY")

local mark = os.getenv("MARK")
local pieces = {}
local from = 1
while true do
    local first, last = body:find(mark, from, true)
    pieces[#pieces + 1] = body:sub(from, (first or 0) - 1)
    if not first then break end
    from = last + 1
end

-- As many letters as the mark has.
local number = tonumber(os.getenv("RUN")) * 2 ^ 20
local function word()
    number = number + 1
    local letters, rest = {}, number
    for place = 1, #mark do
        letters[place] = string.char(97 + rest % 16)
        rest = math.floor(rest / 16)
    end
    return table.concat(letters)
end

function request()
    return wrk.format(nil, nil, nil, table.concat(pieces, word()))
end

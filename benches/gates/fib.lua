-- fib(35) as its own process would run it; prints the seconds of the call.
local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
local start = os.clock()
local result = fib(35)
io.write(string.format("%.6f %d\n", os.clock() - start, result))

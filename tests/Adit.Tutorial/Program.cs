using Adit.Tutorial;

Action<string, TextWriter>? program = args is [var name, _] ? name switch
{
    "counter" => DurableCounter.Run,
    "log" => RingLog.Run,
    "table" => LargeTable.Run,
    "socket" => PinnedSocket.Run,
    "lazy" => LazyFile.Run,
    _ => null,
} : null;
if (program is null)
{
    Console.Error.WriteLine("usage: Adit.Tutorial counter|log|table|socket|lazy VOLUME");
    return 2;
}

program(args[1], Console.Out);
return 0;

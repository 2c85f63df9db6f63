using System.Diagnostics;
using Adit.Guest;

// Runs in a machine with persistent memory: given a folder of a DAX file system, or a device-DAX device, it proves on it what
// no emulation on this machine can show. A line for each check, as the test runner prints them.
if (args is not [string place])
{
    Console.Error.WriteLine("usage: Adit.Guest FOLDER|DEVICE");
    return 2;
}

Place target = Place.At(place);
int failures = 0;
foreach ((string name, Action<Place> body) in Checks.For(target))
{
    long started = Stopwatch.GetTimestamp();
    string took() => $"[{Stopwatch.GetElapsedTime(started).TotalMilliseconds:f0} ms]";
    try
    {
        body(target);
        Console.WriteLine($"Passed guest.{target.Name}.{name} {took()}");
    }
    catch (Exception failure)
    {
        failures++;
        Console.WriteLine($"Failed guest.{target.Name}.{name} {took()}");
        Console.WriteLine($"    {failure.ToString().ReplaceLineEndings("\n    ")}");
    }
}

return failures == 0 ? 0 : 1;

using System.Diagnostics;
using System.Globalization;
using Adit;
using Adit.TestKit.Model;

// A process to be killed: it makes files on a volume, syncs each, and only then says so on its standard output, one line of
// "number length seed" a file. It ends by itself when nobody reads that output any more, or after a minute.
if (args.Length != 2)
{
    Console.Error.WriteLine("usage: Adit.CrashChild VOLUME SEED");
    return 2;
}

int seed = int.Parse(args[1], CultureInfo.InvariantCulture);
Random random = new(seed);
Stopwatch life = Stopwatch.StartNew();
using Volume volume = Volume.Open(args[0]);
using Stream output = Console.OpenStandardOutput();
using StreamWriter acknowledged = new(output) { AutoFlush = true };
for (int number = 0; life.Elapsed < TimeSpan.FromMinutes(1); number++)
{
    int lengthBytes = random.Next(1, 200_000);
    ulong pattern = ((ulong)(uint)seed << 32) + (ulong)number;
    byte[] bytes = Pattern.Make(lengthBytes, pattern);
    string path = string.Create(CultureInfo.InvariantCulture, $"/{seed}-{number}");
    using (AditFile file = volume.OpenFile(path, FileMode.CreateNew))
    {
        int half = random.Next(lengthBytes);
        file.Write(0, bytes.AsSpan(0, half));
        file.Append(bytes.AsSpan(half));
        file.Flush();
    }

    acknowledged.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number} {lengthBytes} {pattern}"));
    if (number % 3 == 2)
    {
        // Something unacknowledged is always under way, too.
        volume.Delete(string.Create(CultureInfo.InvariantCulture, $"/{seed}-{number - 1}"));
        acknowledged.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number - 1} -1 0"));
    }
}

return 0;

using System.Diagnostics;
using System.Globalization;
using Adit.TestKit.Model;

namespace Adit.CrashChild;

/// <summary>Makes files on a volume that it has open itself, and acknowledges each by "number length seed" once it is synced.</summary>
internal static class VolumeWriter
{
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(1);

    public static int Run(string volumePath, int seed)
    {
        Random random = new(seed);
        Stopwatch life = Stopwatch.StartNew();
        using Volume volume = Volume.Open(volumePath);
        using Stream output = Console.OpenStandardOutput();
        using StreamWriter acknowledged = new(output) { AutoFlush = true };
        for (int number = 0; life.Elapsed < LongestLife; number++)
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
    }
}

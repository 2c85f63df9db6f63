using System.Buffers.Binary;
using System.Numerics;
using Adit.Cli.Maps;

namespace Adit.Cli.Tests;

/// <summary>A made-up map with some of everything.</summary>
internal static class SampleMap
{
    public static VolumeMap Make(int chunks)
    {
        var random = new Random(3);
        var kinds = new byte[chunks];
        var taken = new byte[chunks * 2];
        var bits = new byte[chunks * 64];
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            var kind = chunk switch
            {
                0 => ChunkKind.Fixed,
                1 or 2 => ChunkKind.Log,
                3 => ChunkKind.Nodes,
                _ => random.Next(4) switch { 0 => ChunkKind.Huge, 1 => ChunkKind.Small, 2 => ChunkKind.Free, _ => ChunkKind.Huge },
            };
            kinds[chunk] = (byte)kind;
            var content = bits.AsSpan(chunk * 64, 64);
            if (kind == ChunkKind.Small)
            {
                random.NextBytes(content);
            }
            else if (kind != ChunkKind.Free)
            {
                content.Fill(0xFF);
            }

            var count = 0;
            foreach (var value in content)
            {
                count += BitOperations.PopCount(value);
            }

            BinaryPrimitives.WriteUInt16LittleEndian(taken.AsSpan(chunk * 2), (ushort)count);
        }

        return new VolumeMap
        {
            Name = "/srv/pool.adit",
            Label = "sample",
            Medium = "file",
            SizeBytes = (long)chunks << 21,
            Kinds = kinds,
            TakenBlocks = taken,
            Bits = chunks <= VolumeMap.MaxChunksWithBits ? bits : [],
            FreeBytesByRun = [5 << 20, 3 << 20, 2 << 20, 1 << 20, 4 << 20, 0, 1 << 19, 2 << 20, 0, 120 << 20],
            Totals = new MapTotals(300 << 20, 80 << 20, 4 << 20, 4 << 20, 2 << 20, 137 << 20, 120 << 20, 6011, 5230),
        };
    }
}

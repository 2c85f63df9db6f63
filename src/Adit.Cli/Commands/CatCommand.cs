using System.CommandLine;
using System.Text.Json;
using Adit.Cli.CommandLine;
using Adit.Cli.Output;

namespace Adit.Cli.Commands;

/// <summary>Copies files to standard output.</summary>
internal sealed class CatCommand : VolumeCommand
{
    /// <summary>A multiple of 3, so that pieces of base64 fit together without padding.</summary>
    private const int BufferBytes = 3 << 18;

    private readonly Argument<string[]> _files = new("VOLUME:/path") { Description = "Files in volumes", Arity = ArgumentArity.OneOrMore };

    public CatCommand()
        : base("cat", "Print files of a volume") => Arguments.Add(_files);

    public override string[] Examples => ["adit cat pool.adit:/etc/settings.json", "adit cat pool.adit:/a pool.adit:/b > both"];

    protected override ExitCode Run(ParseResult arguments, CommandOutput output)
    {
        var operands = arguments.GetRequiredValue(_files).Select(VolumeOperand.File).ToList();
        Utf8JsonWriter? json = null;
        foreach (var operand in operands)
        {
            using var tree = VolumeAccess.Files(operand, isReadOnly: true);
            using var file = tree.OpenRead(operand.InnerPath);
            if (output.IsText)
            {
                file.CopyTo(output.Bytes, BufferBytes);
                continue;
            }

            // The document begins when there is a first file, so that a failure before it is a document of its own.
            if (json is null)
            {
                json = new Utf8JsonWriter(output.Bytes);
                json.WriteStartArray();
            }

            json.WriteStartObject();
            json.WriteString("path", operand.InnerPath);
            json.WriteNumber("size", file.Length);
            json.WritePropertyName("base64");
            WriteContent(file, json);
            json.WriteEndObject();
        }

        json?.WriteEndArray();
        json?.Dispose();
        return ExitCode.Done;
    }

    private static void WriteContent(Stream file, Utf8JsonWriter json)
    {
        var buffer = new byte[BufferBytes];
        int count;
        do
        {
            count = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            json.WriteBase64StringSegment(buffer.AsSpan(0, count), isFinalSegment: count < buffer.Length);
            json.Flush();
        }
        while (count == buffer.Length);
    }
}

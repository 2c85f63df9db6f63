using System.Buffers.Binary;
using System.Text;
using Adit.Cli.Owners;

namespace Adit.Cli.Tests;

public sealed class MessageStreamTests
{
    [Fact]
    public void Message_written_is_read_back()
    {
        using var stream = new MemoryStream();
        var messages = new MessageStream(stream);
        messages.Write(new OwnerRequest(OwnerRequestKind.Node, "/a\n\u00e4"), OwnerJson.Default.OwnerRequest);
        messages.Write(new OwnerRequest(OwnerRequestKind.Unmount), OwnerJson.Default.OwnerRequest);
        stream.Position = 0;

        Assert.Equal("/a\n\u00e4", Read(messages)!.Path);
        Assert.Equal(OwnerRequestKind.Unmount, Read(messages)!.Kind);
        Assert.Null(Read(messages));
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(MessageStream.MaxRequestBytes + 1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Length_outside_its_bounds_is_refused(int length)
    {
        var frame = new byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(frame, length);

        Assert.Throws<InvalidDataException>(() => Read(new MessageStream(new MemoryStream(frame))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    public void Message_cut_short_is_refused(int length)
    {
        using var stream = new MemoryStream();
        new MessageStream(stream).Write(new OwnerRequest(OwnerRequestKind.Node, "/a/long/path/to/cut"), OwnerJson.Default.OwnerRequest);

        Assert.Throws<InvalidDataException>(() => Read(new MessageStream(new MemoryStream(stream.ToArray()[..length]))));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("\u0000\u0001")]
    public void Message_that_is_not_a_request_is_refused(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var frame = new byte[4 + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, bytes.Length);
        bytes.CopyTo(frame, 4);

        Assert.Throws<InvalidDataException>(() => Read(new MessageStream(new MemoryStream(frame))));
    }

    private static OwnerRequest? Read(MessageStream messages) =>
        messages.Read(OwnerJson.Default.OwnerRequest, MessageStream.MaxRequestBytes);
}

def test_x(random_edges, take, pad, tiny_encoder):
    for kw in ({}, dict(lengths=()), dict(gold=3, restricted=True, shared=True, causal=True), dict(root=False)):
        b,e=random_edges(0,**kw)
        pad(b,e); take(b,e,[0,0] if len(b.words) else [])
        b.to("cpu"); e.to("cpu")
    print(tiny_encoder.tokenizer([["the","walking","dog","."]]), tiny_encoder.sizes)
